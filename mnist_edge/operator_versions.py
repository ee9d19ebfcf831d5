"""The newest version of each operator that runtimes have, found by trying.

Each runtime was asked to open a file that names an operator in versions 1 to 25: it refuses those that it lacks. None
of these releases leaves out a version in between.
"""

from types import MappingProxyType

# Releases that were asked, in the order of the columns below.
RELEASES = ("ai-edge-litert==2.3.0", "tflite-runtime==2.14.0", "tensorflow==2.21.0")
# By name: the member of TFLite's `BuiltinOperator`, then the newest version in each release; 0 where it has none.
OPERATORS = MappingProxyType({
    "ADD": (0, 6, 5, 5), "AVERAGE_POOL_2D": (1, 3, 3, 3), "CONCATENATION": (2, 7, 4, 5), "CONV_2D": (3, 8, 7, 8),
    "DEPTHWISE_CONV_2D": (4, 7, 7, 7), "DEPTH_TO_SPACE": (5, 2, 2, 2), "DEQUANTIZE": (6, 9, 5, 7),
    "EMBEDDING_LOOKUP": (7, 5, 3, 5), "FLOOR": (8, 1, 1, 1), "FULLY_CONNECTED": (9, 14, 10, 14),
    "HASHTABLE_LOOKUP": (10, 1, 1, 1), "L2_NORMALIZATION": (11, 2, 2, 2), "L2_POOL_2D": (12, 1, 1, 1),
    "LOCAL_RESPONSE_NORMALIZATION": (13, 1, 1, 1), "LOGISTIC": (14, 3, 3, 3), "LSH_PROJECTION": (15, 1, 1, 1),
    "LSTM": (16, 4, 4, 4), "MAX_POOL_2D": (17, 3, 3, 3), "MUL": (18, 8, 7, 7), "RELU": (19, 3, 3, 3),
    "RELU_N1_TO_1": (20, 1, 1, 1), "RELU6": (21, 3, 3, 3), "RESHAPE": (22, 1, 1, 1), "RESIZE_BILINEAR": (23, 4, 4, 4),
    "RNN": (24, 3, 3, 3), "SOFTMAX": (25, 4, 3, 3), "SPACE_TO_DEPTH": (26, 2, 2, 2), "SVDF": (27, 4, 4, 4),
    "TANH": (28, 3, 3, 3), "SKIP_GRAM": (30, 1, 1, 1), "EMBEDDING_LOOKUP_SPARSE": (33, 1, 1, 1), "PAD": (34, 6, 4, 5),
    "UNIDIRECTIONAL_SEQUENCE_RNN": (35, 3, 3, 3), "GATHER": (36, 8, 6, 7), "BATCH_TO_SPACE_ND": (37, 4, 4, 4),
    "SPACE_TO_BATCH_ND": (38, 4, 4, 4), "TRANSPOSE": (39, 9, 6, 7), "MEAN": (40, 3, 3, 3), "SUB": (41, 5, 5, 5),
    "DIV": (42, 2, 2, 2), "SQUEEZE": (43, 2, 2, 2), "UNIDIRECTIONAL_SEQUENCE_LSTM": (44, 4, 4, 4),
    "STRIDED_SLICE": (45, 8, 8, 8), "BIDIRECTIONAL_SEQUENCE_RNN": (46, 3, 3, 3), "EXP": (47, 2, 2, 2),
    "TOPK_V2": (48, 3, 3, 3), "SPLIT": (49, 5, 4, 4), "LOG_SOFTMAX": (50, 2, 2, 2),
    "BIDIRECTIONAL_SEQUENCE_LSTM": (52, 3, 3, 3), "CAST": (53, 9, 5, 8), "PRELU": (54, 1, 1, 1),
    "MAXIMUM": (55, 4, 4, 4), "ARG_MAX": (56, 3, 3, 3), "MINIMUM": (57, 4, 4, 4), "LESS": (58, 3, 3, 3),
    "NEG": (59, 1, 1, 1), "PADV2": (60, 6, 4, 5), "GREATER": (61, 2, 2, 2), "GREATER_EQUAL": (62, 3, 3, 3),
    "LESS_EQUAL": (63, 2, 2, 2), "SELECT": (64, 4, 4, 4), "SLICE": (65, 8, 6, 7), "SIN": (66, 2, 1, 1),
    "TRANSPOSE_CONV": (67, 5, 4, 5), "SPARSE_TO_DENSE": (68, 3, 3, 3), "TILE": (69, 3, 3, 3),
    "EXPAND_DIMS": (70, 1, 1, 1), "EQUAL": (71, 5, 4, 5), "NOT_EQUAL": (72, 4, 3, 4), "LOG": (73, 2, 1, 2),
    "SUM": (74, 2, 2, 2), "SQRT": (75, 2, 1, 2), "RSQRT": (76, 3, 2, 3), "SHAPE": (77, 1, 1, 1), "POW": (78, 1, 1, 1),
    "ARG_MIN": (79, 3, 3, 3), "FAKE_QUANT": (80, 2, 2, 2), "REDUCE_PROD": (81, 2, 2, 2), "REDUCE_MAX": (82, 3, 3, 3),
    "PACK": (83, 5, 4, 4), "LOGICAL_OR": (84, 1, 1, 1), "ONE_HOT": (85, 1, 1, 1), "LOGICAL_AND": (86, 1, 1, 1),
    "LOGICAL_NOT": (87, 1, 1, 1), "UNPACK": (88, 6, 4, 4), "REDUCE_MIN": (89, 3, 3, 3), "FLOOR_DIV": (90, 3, 3, 3),
    "REDUCE_ANY": (91, 1, 1, 1), "SQUARE": (92, 1, 1, 1), "ZEROS_LIKE": (93, 1, 1, 1), "FILL": (94, 5, 4, 4),
    "FLOOR_MOD": (95, 2, 2, 2), "RANGE": (96, 2, 2, 2), "RESIZE_NEAREST_NEIGHBOR": (97, 4, 4, 4),
    "LEAKY_RELU": (98, 2, 2, 2), "SQUARED_DIFFERENCE": (99, 2, 2, 2), "MIRROR_PAD": (100, 3, 3, 3),
    "ABS": (101, 5, 5, 5), "SPLIT_V": (102, 3, 2, 2), "UNIQUE": (103, 1, 1, 1), "CEIL": (104, 1, 1, 1),
    "REVERSE_V2": (105, 4, 3, 3), "ADD_N": (106, 1, 1, 1), "GATHER_ND": (107, 6, 4, 5), "COS": (108, 2, 1, 1),
    "WHERE": (109, 2, 2, 2), "RANK": (110, 1, 1, 1), "ELU": (111, 1, 1, 1), "REVERSE_SEQUENCE": (112, 1, 1, 1),
    "MATRIX_DIAG": (113, 1, 1, 1), "QUANTIZE": (114, 6, 3, 4), "MATRIX_SET_DIAG": (115, 1, 1, 1),
    "ROUND": (116, 1, 1, 1), "HARD_SWISH": (117, 1, 1, 1), "IF": (118, 1, 1, 1), "WHILE": (119, 1, 1, 1),
    "NON_MAX_SUPPRESSION_V4": (120, 1, 1, 1), "NON_MAX_SUPPRESSION_V5": (121, 1, 1, 1), "SCATTER_ND": (122, 1, 1, 1),
    "SELECT_V2": (123, 2, 2, 2), "DENSIFY": (124, 1, 1, 1), "SEGMENT_SUM": (125, 1, 1, 1),
    "BATCH_MATMUL": (126, 4, 4, 4), "CUMSUM": (128, 1, 1, 1), "CALL_ONCE": (129, 1, 1, 1),
    "BROADCAST_TO": (130, 4, 3, 3), "RFFT2D": (131, 1, 1, 1), "CONV_3D": (132, 1, 1, 1), "IMAG": (133, 1, 1, 1),
    "REAL": (134, 1, 1, 1), "COMPLEX_ABS": (135, 1, 1, 1), "HASHTABLE": (136, 1, 1, 1),
    "HASHTABLE_FIND": (137, 1, 1, 1), "HASHTABLE_IMPORT": (138, 1, 1, 1), "HASHTABLE_SIZE": (139, 1, 1, 1),
    "REDUCE_ALL": (140, 1, 1, 1), "CONV_3D_TRANSPOSE": (141, 1, 1, 1), "VAR_HANDLE": (142, 1, 1, 1),
    "READ_VARIABLE": (143, 1, 1, 1), "ASSIGN_VARIABLE": (144, 1, 1, 1), "BROADCAST_ARGS": (145, 1, 1, 1),
    "RANDOM_STANDARD_NORMAL": (146, 1, 1, 1), "BUCKETIZE": (147, 1, 1, 1), "RANDOM_UNIFORM": (148, 1, 1, 1),
    "MULTINOMIAL": (149, 1, 1, 1), "GELU": (150, 3, 2, 2), "DYNAMIC_UPDATE_SLICE": (151, 6, 1, 5),
    "RELU_0_TO_1": (152, 1, 1, 1), "UNSORTED_SEGMENT_PROD": (153, 1, 1, 1), "UNSORTED_SEGMENT_MAX": (154, 1, 1, 1),
    "UNSORTED_SEGMENT_SUM": (155, 1, 1, 1), "ATAN2": (156, 1, 1, 1), "UNSORTED_SEGMENT_MIN": (157, 1, 1, 1),
    "SIGN": (158, 2, 2, 2), "BITCAST": (159, 1, 1, 1), "BITWISE_XOR": (160, 1, 1, 1), "RIGHT_SHIFT": (161, 1, 1, 1),
    "STABLEHLO_ADD": (163, 1, 0, 1), "STABLEHLO_MULTIPLY": (165, 1, 0, 1), "STABLEHLO_MAXIMUM": (166, 1, 0, 1),
    "STABLEHLO_AND": (176, 1, 0, 1), "STABLEHLO_MINIMUM": (181, 1, 0, 1), "STABLEHLO_SCATTER": (190, 1, 0, 1),
    "STABLEHLO_PAD": (195, 1, 0, 1), "STABLEHLO_REDUCE_WINDOW": (198, 1, 0, 1), "STABLEHLO_GATHER": (201, 1, 0, 1),
    "DILATE": (203, 1, 0, 1), "STABLEHLO_RNG_BIT_GENERATOR": (204, 1, 0, 1), "REDUCE_WINDOW": (205, 1, 0, 1),
    "STABLEHLO_COMPOSITE": (206, 1, 0, 1), "STABLEHLO_SHIFT_LEFT": (207, 1, 0, 1), "STABLEHLO_CASE": (209, 1, 0, 1),
})  # fmt: skip
