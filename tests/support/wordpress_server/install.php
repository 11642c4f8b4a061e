<?php
// Installs the site, with people of several roles and what is said of them as JSON on stdout.
define('WP_INSTALLING', true);
$_SERVER['HTTP_HOST'] = parse_url(getenv('SITE_ADDRESS'), PHP_URL_HOST);
$_SERVER['SERVER_PROTOCOL'] = 'HTTP/1.1';
require __DIR__ . '/configuration.php';
require ABSPATH . 'wp-load.php';
require ABSPATH . 'wp-admin/includes/upgrade.php';
function wp_mail() { return true; }  // nobody gets mail from here
add_filter('pre_http_request', fn () => new WP_Error('blocked', 'No request leaves.'));
wp_install('Test site', 'admin', 'admin@example.org', true, '', 'not used');
foreach (['administrator', 'editor', 'author', 'contributor', 'subscriber'] as $role) {
    $id = wp_insert_user([
        'user_login' => $role . '-user', 'user_pass' => wp_generate_password(), 'role' => $role,
        'display_name' => ucfirst($role), 'user_email' => $role . '@example.org',
    ]);
    [$password] = WP_Application_Passwords::create_new_application_password($id, ['name' => 'Publisher']);
    $people[$role] = ['id' => $id, 'user' => $role . '-user', 'password' => $password];
}
foreach (['News & events', 'Actualités'] as $name) {
    $categories[$name] = wp_insert_term($name, 'category')['term_id'];
}
// Some zone other than UTC: whatever takes the site's time for UTC shows itself.
update_option('timezone_string', 'America/Lima');
update_option('permalink_structure', '/%year%/%monthnum%/%postname%/');
file_put_contents('php://stdout', json_encode(['people' => $people, 'categories' => $categories]));
