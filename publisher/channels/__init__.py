"""One folder for each platform: it builds requests and says what answers mean."""
