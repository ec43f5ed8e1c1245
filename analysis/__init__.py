"""Read results: files of finished stages in, tables, pictures and a report out."""
