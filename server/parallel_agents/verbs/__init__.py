"""What the command line does, one module for each word: `run(arguments, console)`."""
