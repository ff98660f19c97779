-- The house's ledger accounts, of each currency that there is, once: no order has to make them.
insert into ledger_account (ledger_account_id, kind, currency)
select gen_random_uuid(), kind, currency
from unnest(array['promotion', 'sale']) as kind, unnest(array[
    'AED', 'BHD', 'CHF', 'CNY', 'EGP', 'EUR', 'GBP', 'INR', 'IQD', 'ISK', 'JOD', 'JPY', 'KRW', 'KWD', 'LYD',
    'MAD', 'OMR', 'PKR', 'QAR', 'SAR', 'SEK', 'TND', 'TRY', 'USD', 'VND'
]) as currency
on conflict (kind, billing_account_id, currency) do nothing;
