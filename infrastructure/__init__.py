"""Parts with state or threads, independent of any feature.

A stateless helper belongs into utils/, and code that names a domain noun into its feature.
"""
