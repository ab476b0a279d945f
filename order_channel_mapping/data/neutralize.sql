-- A neutralised copy holds no credentials, fetches and sends nothing, and is not the live database.
UPDATE order_channel_account
   SET secret_data = NULL,
       credentials_checked = false,
       webhook_withdrawals = NULL;

DELETE FROM order_channel_account_session;

DELETE FROM order_channel_authorization;

UPDATE order_channel
   SET paused = true,
       webhook_token = NULL,
       webhook_url = NULL,
       webhook_state = 'off',
       webhook_next_at = NULL;

DELETE FROM order_channel_webhook;

UPDATE ir_cron
   SET active = false
 WHERE id IN (
       SELECT unnest(ARRAY[sync_cron_id, items_cron_id, outbox_cron_id])
         FROM order_channel
);

UPDATE ir_config_parameter
   SET value = 'neutralized'
 WHERE key IN ('order_channel_mapping.live_database', 'order_channel_mapping.live_database_uuid');
