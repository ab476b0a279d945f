"""The commands behind the executables of this folder, one module each."""
