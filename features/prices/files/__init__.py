"""Reads price files as sites and tools export them. Each format is decided for the whole file, never row by row.

source.py    bytes to text: the encoding, and what a file is that is no table
workbook.py  the first sheet of an Excel workbook to rows
table.py     text to rows: the delimiter and the header
header.py    the names of columns
dates.py     the column of dates
numbers.py   the columns of numbers
bars.py      rows to bars: what is mended, left out or refused
faults.py    the faults of a file, with their places
reader.py    a file to its bars
"""
