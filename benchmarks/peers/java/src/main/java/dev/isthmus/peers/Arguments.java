package dev.isthmus.peers;

import java.nio.file.Path;

/**
 * The command line: {@code --bytes N --in-flight K --ms M FOLDER}.
 *
 * @param bytes    of each payload, there and back: at least 8
 * @param inFlight so many calls are under way at a time
 * @param ms       how long the client measures
 * @param folder   of this run alone: the media driver's files are in it
 */
record Arguments(int bytes, int inFlight, int ms, Path folder)
{
    static Arguments parse(final String[] words)
    {
        int bytes = 64;
        int inFlight = 1;
        int ms = 400;
        Path folder = null;
        for (int i = 0; i < words.length; i++)
        {
            switch (words[i])
            {
                case "--bytes" -> bytes = number(words, ++i);
                case "--in-flight" -> inFlight = number(words, ++i);
                case "--ms" -> ms = number(words, ++i);
                default -> folder = Path.of(words[i]);
            }
        }
        if (bytes < 8 || inFlight < 1 || ms < 1 || folder == null)
        {
            throw new IllegalArgumentException("usage: [--bytes N, at least 8] [--in-flight K] [--ms M] FOLDER");
        }
        return new Arguments(bytes, inFlight, ms, folder);
    }

    private static int number(final String[] words, final int index)
    {
        if (index >= words.length)
        {
            throw new IllegalArgumentException(words[index - 1] + " needs a number");
        }
        return Integer.parseInt(words[index]);
    }
}
