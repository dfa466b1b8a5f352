"""The two steps around a model that outgrow one machine first, on engines that exist.

``spark`` makes sequences of a log and recommends to every user, as jobs of Apache Spark. What they
give equals what the rest of the package gives in memory, row for row.
"""
