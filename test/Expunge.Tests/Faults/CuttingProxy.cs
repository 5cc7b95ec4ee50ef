using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Npgsql;

namespace Expunge.Tests.Faults;

/// <summary>
/// Stands between Npgsql and the server and passes everything, until it breaks the connection at one message for which the client waits for an answer (startup, password, Query, Sync):
/// before the server has it, or when the server has done it and its answer is on the way.
/// </summary>
internal sealed class CuttingProxy : IAsyncDisposable
{
    private const int ProtocolVersion3 = 196608;

    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly ConcurrentBag<TcpClient> _sockets = [];
    private readonly int _port;
    private readonly int _cutAt;
    private readonly bool _delivered;
    private readonly Task _accepting;
    private int _messages;

    /// <param name="port">The server's port.</param>
    /// <param name="cutAt">At which message, of all connections together; 0 for never.</param>
    /// <param name="delivered">Whether the server gets that message.</param>
    public CuttingProxy(int port, int cutAt, bool delivered)
    {
        (_port, _cutAt, _delivered) = (port, cutAt, delivered);
        _listener.Start();
        _accepting = AcceptAsync();
    }

    /// <summary>How many messages there were.</summary>
    public int Messages => Volatile.Read(ref _messages);

    public bool HasCut => _cutAt > 0 && Messages >= _cutAt;

    public string To(string connectionString) => new NpgsqlConnectionStringBuilder(connectionString) { Host = "127.0.0.1", Port = ((IPEndPoint)_listener.LocalEndpoint).Port }.ConnectionString;

    public async ValueTask DisposeAsync()
    {
        _listener.Dispose();
        await _accepting;
        foreach (var socket in _sockets) socket.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var client = await _listener.AcceptTcpClientAsync();
                var server = new TcpClient();
                await server.ConnectAsync(IPAddress.Loopback, _port);
                client.NoDelay = server.NoDelay = true;
                _sockets.Add(client);
                _sockets.Add(server);
                _ = new Session(this, client, server).RunAsync();
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // Disposed of.
        }
    }

    private sealed class Session(CuttingProxy proxy, TcpClient client, TcpClient server)
    {
        // Of the startup comes one ReadyForQuery, as of each Query and each Sync.
        private int _asked = 1;
        private volatile bool _drop;
        private volatile bool _dropNext;

        public async Task RunAsync()
        {
            try
            {
                await ClientAsync(client.GetStream(), server.GetStream());
            }
            catch (Exception e) when (e is IOException or ObjectDisposedException or InvalidOperationException)
            {
                // One side is gone.
            }

            Cut();
        }

        private async Task ClientAsync(NetworkStream from, NetworkStream to)
        {
            var reader = new BufferedStream(from, 8192);
            var held = new MemoryStream();
            while (!await StartupAsync(reader, from, to)) { }
            _ = ServerAsync(new BufferedStream(to, 65536), from);
            while (true)
            {
                // All or nothing of what is sent together: without its Sync the server would do nothing of it, either.
                var type = await MessageAsync(reader, held);
                if (type is not ((byte)'Q' or (byte)'S' or (byte)'p' or (byte)'H' or (byte)'X')) continue;
                if (type is (byte)'Q' or (byte)'S') Interlocked.Increment(ref _asked);
                if (type is (byte)'Q' or (byte)'S' or (byte)'p' && !Pass(type == 'p')) return;
                await to.WriteAsync(held.GetBuffer().AsMemory(0, (int)held.Length));
                held.SetLength(0);
            }
        }

        /// <returns>Whether this was the startup itself; false for the question whether to encrypt.</returns>
        private async Task<bool> StartupAsync(Stream reader, NetworkStream from, NetworkStream to)
        {
            var length = new byte[4];
            await reader.ReadExactlyAsync(length);
            var body = new byte[BinaryPrimitives.ReadInt32BigEndian(length) - 4];
            await reader.ReadExactlyAsync(body);
            var isStartup = BinaryPrimitives.ReadInt32BigEndian(body) == ProtocolVersion3;
            if (isStartup && !Pass(isLogin: true)) throw new IOException();
            await to.WriteAsync(length);
            await to.WriteAsync(body);
            if (isStartup) return true;
            await to.ReadExactlyAsync(length.AsMemory(0, 1));
            await from.WriteAsync(length.AsMemory(0, 1));
            return false;
        }

        /// <returns>Whether the server is to get it.</returns>
        private bool Pass(bool isLogin)
        {
            if (Interlocked.Increment(ref proxy._messages) != proxy._cutAt) return true;
            (_drop, _dropNext) = (true, isLogin);
            return proxy._delivered;
        }

        private async Task ServerAsync(Stream reader, NetworkStream to)
        {
            try
            {
                var message = new MemoryStream();
                for (var answered = 0; ; message.SetLength(0))
                {
                    var type = await MessageAsync(reader, message);
                    if (type == 'Z') answered++;
                    // The answer is complete: what was asked is done, and committed where it was a COMMIT.
                    if (_drop && (_dropNext || (type == 'Z' && answered == Volatile.Read(ref _asked)))) break;
                    if (!_drop) await to.WriteAsync(message.GetBuffer().AsMemory(0, (int)message.Length));
                }
            }
            catch (Exception e) when (e is IOException or ObjectDisposedException or InvalidOperationException)
            {
                // One side is gone.
            }

            Cut();
        }

        private static async Task<byte> MessageAsync(Stream from, MemoryStream to)
        {
            var header = new byte[5];
            await from.ReadExactlyAsync(header);
            var body = new byte[BinaryPrimitives.ReadInt32BigEndian(header.AsSpan(1)) - 4];
            await from.ReadExactlyAsync(body);
            to.Write(header);
            to.Write(body);
            return header[0];
        }

        // A reset, as of a firewall that forgot the connection.
        private void Cut()
        {
            foreach (var socket in new[] { client, server })
            {
                try
                {
                    socket.Client?.Close(0);
                }
                catch (Exception e) when (e is SocketException or ObjectDisposedException)
                {
                    // The other direction was faster.
                }

                socket.Dispose();
            }
        }
    }
}
