<?php // The posts as they are, with their featured pictures. ?><!doctype html>
<html <?php language_attributes(); ?>>
<head><meta charset="utf-8"><?php wp_head(); ?></head>
<body>
<?php while (have_posts()) { the_post(); ?>
<article><h1><?php the_title(); ?></h1><?php the_post_thumbnail('full'); ?><?php the_content(); ?></article>
<?php } ?>
</body>
</html>
