"""The public calls; the command line is a thin layer over them."""
