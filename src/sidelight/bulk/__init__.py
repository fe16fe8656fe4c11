"""One picture or ten million: sources, coding, targets, and what runs it on many cores."""
