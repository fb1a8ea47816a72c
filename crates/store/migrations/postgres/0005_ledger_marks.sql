-- SQLite only: PostgreSQL keeps its indexes (ADR 0017).
SELECT 1;
