"""What holds state or threads and knows no feature.

A helper without state belongs into utils/; what names a domain noun, into its feature.
"""
