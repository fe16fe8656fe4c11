"""What damaged and hostile input does to the commands and the library."""
