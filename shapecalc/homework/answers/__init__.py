"""Files of answers: from bytes to tables to claims, which are answers put to their cells."""
