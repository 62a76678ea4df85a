"""What may be asked: checks who asks, keeps what was asked, and puts the first work on its way."""
