-- An order names its voucher. Checked at once, each order that is under way shares a lock of the voucher's row, and whoever
-- redeems it waits for all of them; at the commit, an order has that row to itself.
alter table customer_order alter constraint customer_order_promo_code_id_fkey deferrable initially deferred;
