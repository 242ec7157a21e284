"""What runs beside the services: the launcher and the plugin inside supervisord."""
