"""A multilayer perceptron and its training, from scratch in NumPy.

Imports nothing but NumPy and the standard library.
"""
