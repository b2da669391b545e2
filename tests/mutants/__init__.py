"""Planted bugs: is there an instrument that turns red for each?

planted    the bugs, as exact replacements in the program's source
orchard    a copy of the tree in which one of them is planted, and what the instrument says
"""
