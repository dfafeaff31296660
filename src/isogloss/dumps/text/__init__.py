"""From the markup of an article to sentences that know what they link to."""
