"""What the shop does, apart from any web page."""
