"""Digits in, one trained network out."""
