"""How numbers and volumes are written: by students, by teachers, and on a sheet."""
