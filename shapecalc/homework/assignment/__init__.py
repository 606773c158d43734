"""What a homework asks: the nouns in `model`, read from the teacher's file by `teacher`.

`notation` is below all else: how numbers and volumes are written, by teachers and students alike.
"""
