-- Every top of a rebuilt book, in the table or in the archive, like all_trades.
CREATE OR REPLACE VIEW all_book_tops AS
SELECT * FROM book_tops
