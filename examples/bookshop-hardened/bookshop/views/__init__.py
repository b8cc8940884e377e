"""The pages of the shop, one blueprint for each part."""
