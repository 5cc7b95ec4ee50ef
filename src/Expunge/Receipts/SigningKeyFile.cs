namespace Expunge.Receipts;

/// <summary>Signing keys in files that only their owner can read.</summary>
public static class SigningKeyFile
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode Others = (UnixFileMode)0b000_111_111;

    /// <summary>Where the key is when nobody says otherwise; null where the user has no home.</summary>
    /// <param name="environment">Gives the value of an environment variable, or null.</param>
    public static string? DefaultPath(Func<string, string?> environment)
    {
        // The XDG specification: a path that is not absolute is ignored.
        var config = OperatingSystem.IsWindows() ? environment("APPDATA")
            : environment("XDG_CONFIG_HOME") is { Length: > 0 } given && Path.IsPathRooted(given) ? given
            : environment("HOME") is { Length: > 0 } home ? Path.Combine(home, ".config") : null;
        return string.IsNullOrEmpty(config) ? null : Path.Combine(config, "expunge", "signing-key.pem");
    }

    /// <summary>The file of the public key beside it: <c>NAME.pub.pem</c> for <c>NAME.pem</c>.</summary>
    /// <param name="path">The signing key's file.</param>
    public static string PublicPath(string path) => $"{(path.EndsWith(".pem", StringComparison.OrdinalIgnoreCase) ? path[..^".pem".Length] : path)}.pub.pem";

    /// <summary>Makes a key and writes it, and its public key beside it. Whole or not at all, readable for its owner only from its first moment, and never over another file.</summary>
    /// <param name="path">The file; directories that are missing are made, for their owner only.</param>
    /// <exception cref="ExpungeException"><see cref="ErrorCodes.FileExists"/>, or <see cref="ErrorCodes.Usage"/>: it can't be written there.</exception>
    public static SigningKey Create(string path)
    {
        var publicPath = PublicPath(path);
        var key = SigningKey.Generate();
        try
        {
            if (Path.GetDirectoryName(Path.GetFullPath(path)) is { } directory) MakeDirectory(directory);
            // File.Move looks for the target and then renames: two at once could both succeed.
            using var alone = Alone(path);
            foreach (var file in (string[])[path, publicPath])
            {
                if (Path.Exists(file)) throw Exists(file);
            }

            Write(path, key.ToPem(), OwnerOnly);
            Write(publicPath, key.PublicKey.Pem, OwnerOnly | UnixFileMode.GroupRead | UnixFileMode.OtherRead);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ExpungeException(ErrorCodes.Usage, $"The signing key can't be written to {path}: {e.Message}", "Name a file in a directory that you may write to.", e);
        }

        return key;
    }

    /// <summary>Reads a key.</summary>
    /// <param name="path">Its file.</param>
    /// <exception cref="ExpungeException"><see cref="ErrorCodes.SigningKeyInvalid"/>: it can't be read or is none; <see cref="ErrorCodes.SigningKeyExposed"/>: others may read or change it.</exception>
    public static SigningKey Load(string path)
    {
        string pem;
        try
        {
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read);
            // Of the open file, so that nobody can exchange it in between.
            if (!OperatingSystem.IsWindows() && (File.GetUnixFileMode(file.SafeFileHandle) & Others) is var others && others != UnixFileMode.None)
            {
                throw new ExpungeException(ErrorCodes.SigningKeyExposed, $"The signing key {path} is open to others ({others}), so it is not used.", $"If nobody has copied it:  chmod 600 '{path}'");
            }

            using var reader = new StreamReader(file);
            pem = reader.ReadToEnd();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new ExpungeException(ErrorCodes.SigningKeyInvalid, $"The signing key {path} can't be read: {e.Message}", "Check the path and its permissions, or make a key with  expunge keys create.", e);
        }

        return SigningKey.FromPem(pem, path);
    }

    /// <summary>Finds the key: the file that is named, else the PEM in <c>EXPUNGE_SIGNING_KEY</c>, else the file that <c>EXPUNGE_SIGNING_KEY_FILE</c> names, else the default file, where there is one.</summary>
    /// <param name="path">The file that the user named; null for none.</param>
    /// <param name="environment">Gives the value of an environment variable, or null.</param>
    /// <returns>Null where there is none.</returns>
    /// <inheritdoc cref="Load" path="/exception"/>
    public static SigningKey? Find(string? path, Func<string, string?> environment)
    {
        if (path is not null) return Load(path);
        if (environment("EXPUNGE_SIGNING_KEY") is { Length: > 0 } pem) return SigningKey.FromPem(pem, "EXPUNGE_SIGNING_KEY");
        if (environment("EXPUNGE_SIGNING_KEY_FILE") is { Length: > 0 } file) return Load(file);
        return DefaultPath(environment) is { } known && Path.Exists(known) ? Load(known) : null;
    }

    private static void MakeDirectory(string directory)
    {
        if (OperatingSystem.IsWindows()) Directory.CreateDirectory(directory);
        else Directory.CreateDirectory(directory, OwnerOnly | UnixFileMode.UserExecute);
    }

    /// <summary>A lock that ends with its holder's process at the latest. Who finds it taken is told that there is a key.</summary>
    private static FileStream Alone(string path)
    {
        try
        {
            return new FileStream($"{path}.lock", FileMode.OpenOrCreate, FileAccess.Write, FileShare.None, bufferSize: 1, FileOptions.DeleteOnClose);
        }
        catch (IOException) when (File.Exists(path) || File.Exists($"{path}.lock"))
        {
            throw Exists(path);
        }
    }

    private static void Write(string path, string text, UnixFileMode mode)
    {
        var partial = $"{path}.{Guid.NewGuid():N}.partial";
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = mode;
        try
        {
            using (var file = new FileStream(partial, options))
            {
                file.Write(System.Text.Encoding.ASCII.GetBytes(text));
                file.Flush(flushToDisk: true);
            }

            File.Move(partial, path, overwrite: false);
        }
        catch (IOException) when (File.Exists(path))
        {
            throw Exists(path);
        }
        finally
        {
            File.Delete(partial);
        }
    }

    private static ExpungeException Exists(string path) => new(ErrorCodes.FileExists, $"{path} exists already; a key is never overwritten.", "Name another file. Receipts that were signed with a key need it for ever.");
}
