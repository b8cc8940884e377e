print("# /// script")
