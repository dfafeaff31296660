"""Why something of a dump is not in the corpus; what is dropped is counted under one of these."""

from __future__ import annotations

# Pages
REDIRECT = "page: a redirect"
OTHER_NAMESPACE = "page: no article (another namespace)"
DISAMBIGUATION_PAGE = "page: a disambiguation"
LEFT_OUT = "page: left out by the list"
NOT_WIKITEXT = "page: its content is not wikitext"
NO_OPENING = "page: no opening that describes it"
PAGE_OF_TIME = "page: of a year or a date; no description is kept of it"
NO_ITEM_OF_PAGE = "page: no Wikidata item; no description is kept of it"

# Parts of pages
IN_LIST = "line: of a list"
IN_TABLE = "line: of a table or a template that does not close"

# Sentences
TOO_SHORT = "sentence: too short"
TOO_LONG = "sentence: too long"
NO_END = "sentence: does not end as one (a caption, a title)"
LOST_PART = "sentence: a template or formula in its midst cannot be told in words"
MARKUP_LEFT = "sentence: markup is left in it"
NO_MENTION = "sentence: no mention of an entity"
TOO_MANY_MENTIONS = "sentence: too many mentions"

# Links
OTHER_LINK = "link: to another namespace or wiki"
NO_ARTICLE = "link: no article of that title"
CIRCLE = "link: redirects in a circle"
TO_DISAMBIGUATION = "link: to a disambiguation"
NO_ITEM = "link: the article has no Wikidata item"
TO_TIME = "link: to a year or a date"
LONG_MENTION = "link: too long a text"
TO_ITSELF = "link: to the page itself"

# Mentions, when all descriptions are known
NO_DESCRIPTION = "mention: the entity has no description"
OFTEN = "mention: the entity has been mentioned often enough"
UNWANTED = "mention: of a list, disambiguation, year or date"

# Descriptions
SECOND_DESCRIPTION = "description: another page of the entity has given one"
UNWANTED_DESCRIPTION = "description: of a list, disambiguation, year or date"

# Facts
FACT_OUTSIDE = "fact: an end is in no text"
NO_SUBJECT = "fact: the subject has no description"
NO_OBJECT = "fact: the object has no description"
OFTEN_RELATION = "fact: the relation has facts enough"
