"""A real WordPress for tests: Debian's packages of WordPress, PHP and MariaDB, on loopback."""
