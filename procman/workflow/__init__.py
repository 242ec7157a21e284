"""The shared steps of every command: load, check, plan, render, observe, apply."""
