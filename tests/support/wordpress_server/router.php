<?php
// What a web server's rewrite rules do: files as they are, everything else through index.php.
$path = urldecode(parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH));
if ($path !== '/' && is_file(getenv('SITE_FOLDER') . $path)) {
    return false;
}
$_SERVER['SCRIPT_NAME'] = '/index.php';
require getenv('SITE_FOLDER') . '/index.php';
