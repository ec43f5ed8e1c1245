"""Small things to learn from: a perceptron, toy data, surfaces of two parameters, a look inside.

For the notebooks in experiments/notebooks. Imports NumPy, the standard library and `pipeline.nn`.
"""
