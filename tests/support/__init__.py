"""What several test modules share: a scripted peer, a feed in Python, waiting without sleeping."""
