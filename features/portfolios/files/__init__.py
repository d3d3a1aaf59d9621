"""Reads what brokers and other programs export of somebody's transactions. Pure: bytes in, bookings and faults with their lines out.

booking.py     what a line of a file says, and the security that it names
faults.py      the faults of a file, with their places
sheet.py       text to rows: the delimiter, quotes, lines
layout.py      a format of which every row has the same columns, and how its cells are read
decimals.py    numbers, exact
words.py       the names of columns and the words for kinds of transactions
reader.py      a file to its bookings, in whatever format
…              a module for each format, which names where its columns are known from
"""
