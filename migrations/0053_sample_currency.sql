-- The bundled prices are of companies in New York, in dollars: databases that hold them already are told so, where nobody has told a currency.
INSERT INTO symbols (org_id, ticker, currency, source, updated_at)
SELECT org_id, ticker, 'USD', 'sample', updated_at
FROM price_series
WHERE org_id = 0 AND provider = 'sample'
ON CONFLICT (org_id, ticker) DO UPDATE SET currency = excluded.currency WHERE symbols.currency IS NULL;
