"""What was asked for: the inputs, the event, and the checkout that they name files in."""
