-- What a cost depends on besides the usual counts, as JSON; most entries have nothing of it.
ALTER TABLE ledger ADD COLUMN details TEXT;
