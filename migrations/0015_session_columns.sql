-- Who is signed in, since when, and their cart are columns; `data` holds what is small and short-lived.

alter table session add column cart_id uuid, add column signed_in_at timestamptz;
update session set
    cart_id = (data ->> 'cart')::uuid,
    -- Signing in has always made a new row.
    signed_in_at = case when account_id is not null then created_at end,
    data = data - 'account' - 'cart';
alter table session add constraint session_signed_in_whole check ((account_id is null) = (signed_in_at is null));
