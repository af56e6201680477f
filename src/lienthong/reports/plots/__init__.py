"""The plots of an evaluation, one file per family: values in, a `Plot` out."""
