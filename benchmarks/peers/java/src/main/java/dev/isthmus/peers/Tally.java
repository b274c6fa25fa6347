package dev.isthmus.peers;

/** So many calls took so long, all of them by the clock. */
record Tally(long calls, long ns)
{
}
