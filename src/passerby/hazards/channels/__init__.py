"""How alerts are told: webhooks, an MQTT broker, e-mail and others. Nothing here decides whether there is an alert."""
