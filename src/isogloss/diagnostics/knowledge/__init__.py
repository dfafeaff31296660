"""What an encoder knows of entities and facts, found without training: retrieval, entailment, cloze, perplexity."""
