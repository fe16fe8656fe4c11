"""What judges look at; the judging itself is theirs."""
