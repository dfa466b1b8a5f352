"""One module for each chapter with exercises, named as its checkers are.

Each holds ``WRONG``: rows of exercise number, answer, words of the property that fails first, words
of the advice that is given.
"""
