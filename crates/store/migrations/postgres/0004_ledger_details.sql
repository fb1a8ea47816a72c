-- What a cost depends on besides the usual counts, as JSON; most entries have nothing of it. A
-- column without a default changes no row.
ALTER TABLE ledger ADD COLUMN details TEXT COLLATE "C";
