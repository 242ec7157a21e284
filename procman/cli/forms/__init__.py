"""The forms in which CI systems take findings. One file, one form: a Report becomes text; nothing is printed."""
