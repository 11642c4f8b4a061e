<?php
// The whole configuration of the test site, loaded before every script of WordPress. The names are
// in the environment: SITE_FOLDER, SITE_ADDRESS, SITE_SOCKET.
define('ABSPATH', getenv('SITE_FOLDER') . '/');
define('DB_NAME', 'wordpress');
define('DB_USER', 'root');
define('DB_PASSWORD', '');
define('DB_HOST', 'localhost:' . getenv('SITE_SOCKET'));
define('DB_CHARSET', 'utf8mb4');
define('WP_HOME', getenv('SITE_ADDRESS'));
define('WP_SITEURL', getenv('SITE_ADDRESS'));
define('WP_CONTENT_DIR', ABSPATH . 'wp-content');
define('WP_DEFAULT_THEME', 'plain');
define('WP_ENVIRONMENT_TYPE', 'local');  // otherwise application passwords need TLS
define('WP_HTTP_BLOCK_EXTERNAL', true);
define('DISABLE_WP_CRON', true);
define('AUTOMATIC_UPDATER_DISABLED', true);
define('WP_DEBUG', false);
foreach (['AUTH', 'SECURE_AUTH', 'LOGGED_IN', 'NONCE'] as $name) {
    define($name . '_KEY', $name);
    define($name . '_SALT', $name);
}
$table_prefix = 'wp_';
