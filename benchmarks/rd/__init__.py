"""Classical codecs of the evaluation beside recorded ones."""
