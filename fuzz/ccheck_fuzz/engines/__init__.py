"""The engines that guide a search by coverage."""
